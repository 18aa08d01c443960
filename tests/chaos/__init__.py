"""What a stream of reads goes through when parts of it are killed, stopped or changed."""
