"""What Stripe tells us (webhooks in), and the pages of Stripe's that managers are sent to."""
