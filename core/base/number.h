/* Numbers as Go prints them. */
#pragma once

/* %v of a float64: the shortest decimal that reads back the same; exponent form below 1e-4 and from 1e21 on. */
void number_write(double value, char out[static 32]);
