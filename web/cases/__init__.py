"""What the desk's pages say and keep of a case: facts, objects, the referral form, vertebrae, several at once."""
