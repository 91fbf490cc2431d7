#include "sim/api/ids.h"

#include "base/duration.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/inner.h"

void api_time_now(const struct api *api, char out[static 32])
{
    time_write(clock_wall_ms(api->clock), out);
}

/* Not random: a simulation is to be the same each time it runs. */
void api_uid_next(struct api *api, char out[static 37])
{
    char digest[65];
    uint64_t seed[2] = {++api->names_given, (uint64_t)objects_version(api->objects)};
    hash_sha256(seed, sizeof seed, digest);
    char *uid = str_format("%.8s-%.4s-4%.3s-8%.3s-%.12s", digest, digest + 8, digest + 12, digest + 15, digest + 18);
    str_copy(out, 37, uid);
    mem_free(uid);
}
