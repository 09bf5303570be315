"""What every service uses: scope, requests, the self-check."""
