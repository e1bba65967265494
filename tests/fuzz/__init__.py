"""Whatever is thrown at the stages that read what others wrote ends in a value or in a Problem."""
