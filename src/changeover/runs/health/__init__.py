"""What ready means: kstatus for every object, and KOTS's statusInformers. Pure."""
