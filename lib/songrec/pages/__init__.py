"""What each page of the book says: its tables, figures and findings, from tables alone."""
