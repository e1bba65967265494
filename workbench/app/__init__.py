"""The programs of Workbench, standard library only: one image, the role is the first argument."""
