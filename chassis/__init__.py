"""What every service stands on: messaging, storage, HTTP, identity, time. Knows no business."""
