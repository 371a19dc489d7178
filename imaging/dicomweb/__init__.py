"""The DICOMweb services of PS3.18 without their HTTP: queries, negotiation, multipart, the JSON model, responses."""
