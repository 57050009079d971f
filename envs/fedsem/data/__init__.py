"""Data that ship with the package: the 8x8 digits of Alpaydin and Kaynak (UCI, CC BY 4.0)."""
