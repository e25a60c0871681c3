"""Commands of the common floor: `manage.py <noun> <verb>`."""
