"""What users may do. Every surface comes through here, and here alone it is decided who may."""
