"""What WeChat and 企业微信 have in common: XML, signatures and encryption, calls with an access token."""
