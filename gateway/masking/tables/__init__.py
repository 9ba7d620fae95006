"""Tables: columns by their headers, cells by their form."""
