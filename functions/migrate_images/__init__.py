"""MigrateImages: as much of a chunk of images as one call can do."""
