#include "io/inner_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { IPV4_SIZE = 4, IPV6_SIZE = 16 };

/* The first bits of an address. */
struct range {
    uint8_t bytes[IPV6_SIZE];
    int bits;
};

static const struct range inner_4[] = {
    {{0}, 8}, {{127}, 8}, {{169, 254}, 16}, {{100, 100, 100, 200}, 32}, /* Alibaba's metadata server */
};
static const struct range inner_6[] = {
    {{0}, 128},
    {{[15] = 1}, 128},
    {{0xfe, 0x80}, 10},
    {{0xfd, 0x00, 0x0e, 0xc2, [15] = 0x54, [14] = 0x02}, 128}, /* Amazon's, fd00:ec2::254 */
};

static bool is_in(const uint8_t *address, const struct range *range)
{
    for (int bit = 0; bit < range->bits; bit++) {
        int mask = 0x80 >> bit % 8;
        if ((address[bit / 8] & mask) != (range->bytes[bit / 8] & mask)) {
            return false;
        }
    }
    return true;
}

static bool is_in_one(const uint8_t *address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_in(address, &ranges[i])) {
            return true;
        }
    }
    return false;
}

/* ::ffff:127.0.0.1 is 127.0.0.1. */
static const uint8_t *mapped(const uint8_t *address)
{
    static const uint8_t prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(address, prefix, sizeof prefix) == 0 ? address + sizeof prefix : NULL;
}

bool inner_address_is(const char *ip)
{
    uint8_t address[IPV6_SIZE];
    if (inet_pton(AF_INET, ip, address) == 1) {
        return is_in_one(address, inner_4, sizeof inner_4 / sizeof inner_4[0]);
    }
    if (inet_pton(AF_INET6, ip, address) != 1) {
        return false;
    }
    const uint8_t *inside = mapped(address);
    return inside != NULL ? is_in_one(inside, inner_4, sizeof inner_4 / sizeof inner_4[0])
                          : is_in_one(address, inner_6, sizeof inner_6 / sizeof inner_6[0]);
}

bool inner_address_may_hide(const char *host)
{
    uint8_t ignored[IPV6_SIZE];
    return host[0] != '[' && inet_pton(AF_INET, host, ignored) != 1 && strcasecmp(host, "localhost") != 0;
}
