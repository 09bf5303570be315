"""Views: tables, texts and progress on a terminal."""
