"""How it is shown: tables, texts and progress on a terminal."""
