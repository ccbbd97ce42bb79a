"""What comes back by mail: wishes to leave are fulfilled, replies kept for people, bounces and complaints set aside."""
