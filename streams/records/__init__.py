"""What travels: Read, Alert, Withdrawal, Match, Hit, Verdict, Rejected; bytes to records and back."""
