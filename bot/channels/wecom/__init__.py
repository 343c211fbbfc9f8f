"""企业微信: a self-built application, staff and contacts as its members, and the robot of a group."""
