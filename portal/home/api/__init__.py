"""The API about the API: its OpenAPI document and its pages for people."""
