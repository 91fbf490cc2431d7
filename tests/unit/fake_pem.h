/* A self-signed certificate and its key as PEM, made anew on each call. */
#pragma once

struct fake_pem {
    char *certificate, *key;
};

void fake_pem_make(struct fake_pem *pem);
void fake_pem_free(struct fake_pem *pem);
