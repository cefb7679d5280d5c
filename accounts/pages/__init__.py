"""The pages of logging in and of one's own account, a subject a file. accounts.urls names them."""
