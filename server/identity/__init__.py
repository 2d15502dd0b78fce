"""Who somebody is, and what shows it: accounts and passwords, logins and their tokens, our own or of another issuer."""
