"""What is in an image of a document: bytes in, findings out. Knows no Django and no customer."""
