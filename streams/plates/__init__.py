"""What a plate is: normal form, national formats, confusable classes, packed keys."""
