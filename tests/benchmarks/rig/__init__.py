"""What benchmarks of images stand on: both servers, the same instances for both, thin links and the CPU they cost."""
