"""Bytes to trees and back, so that what is not masked keeps its bytes."""
