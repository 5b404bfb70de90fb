"""The pages: what people see in a browser, drawn on the server from the values of `actions/views.py`."""
