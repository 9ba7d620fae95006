"""Everything that a Chaperone deployment consists of in Azure, as one Pulumi program."""
