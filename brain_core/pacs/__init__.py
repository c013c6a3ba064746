"""The hospital's archive: find, fetch, give results back, and watch for new studies; over DICOMweb and over DIMSE."""
