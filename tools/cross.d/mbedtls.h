/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mbed TLS for tools/cross: what src/crypto/mbedtls.c uses of it, and nothing else. */
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_AES_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_MD_C
#define MBEDTLS_MD5_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_SHA1_C
