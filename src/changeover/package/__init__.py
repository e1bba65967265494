"""What a vendor ships: archives, documents, vendor kinds, the config schema. Pure."""
