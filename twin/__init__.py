"""The running twin: settings, HTTP and WebSocket server, command line."""
