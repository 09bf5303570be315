"""What models answer: shapes that AWS documents or users report. All data is made up."""
