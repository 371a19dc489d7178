"""Synthetic anatomical imaging: valid DICOM made from arithmetic, never from a patient."""
