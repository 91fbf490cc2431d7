/* Runs a fuzz target without libFuzzer: every file of a corpus, then mutants of them, the same ones every time.
 *
 *   fuzz_doc CORPUS [MUTANTS]
 *
 * Under ASan and UBSan this finds what a mutated input breaks. For a search that learns, build with SLUICE_FUZZER and
 * clang. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MAX = 256, SIZE_LIMIT = 1 << 20, MUTANTS_DEFAULT = 5000, EDITS_MAX = 8 };

struct input {
    uint8_t *bytes;
    size_t size;
};

static struct input corpus[FILES_MAX];
static size_t count;
static uint64_t state = 0x9e3779b97f4a7c15U;

/* xorshift64*: the same numbers on every machine. */
static uint32_t next_number(uint32_t bound)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1dU) >> 33) % bound;
}

static void read_file(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || count == FILES_MAX) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    struct input *input = &corpus[count++];
    input->bytes = malloc(SIZE_LIMIT);
    input->size = fread(input->bytes, 1, SIZE_LIMIT, file);
    fclose(file);
}

static int by_content(const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    size_t shorter = x->size < y->size ? x->size : y->size;
    int order = memcmp(x->bytes, y->bytes, shorter);
    return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

static void read_corpus(const char *dir)
{
    DIR *entries = opendir(dir);
    if (entries == NULL) {
        fprintf(stderr, "%s: no such folder\n", dir);
        exit(1);
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            read_file(dir, entry->d_name);
        }
    }
    closedir(entries);
    qsort(corpus, count, sizeof corpus[0], by_content);
}

/* Another byte, a byte less, a piece twice, or the tail of another input. */
static size_t edit(uint8_t *bytes, size_t size)
{
    size_t at = size > 0 ? next_number((uint32_t)size) : 0;
    const struct input *other = &corpus[next_number((uint32_t)count)];
    size_t from = other->size > 0 ? next_number((uint32_t)other->size) : 0, len = other->size - from;
    switch (next_number(4)) {
    case 0:
        if (size > 0) {
            bytes[at] = (uint8_t)next_number(256);
        }
        return size;
    case 1:
        memmove(bytes + at, bytes + at + (size > 0), size > 0 ? size - at - 1 : 0);
        return size > 0 ? size - 1 : 0;
    case 2:
        len = size - at < 64 ? size - at : 64;
        memmove(bytes + at + len, bytes + at, size - at);
        return size + len;
    default:
        len = len < SIZE_LIMIT - at ? len : SIZE_LIMIT - at;
        memcpy(bytes + at, other->bytes + from, len);
        return at + len;
    }
}

static void run_mutants(long mutants)
{
    uint8_t *bytes = malloc(2 * SIZE_LIMIT);
    for (long i = 0; i < mutants; i++) {
        const struct input *seed = &corpus[next_number((uint32_t)count)];
        size_t size = seed->size;
        memcpy(bytes, seed->bytes, size);
        for (uint32_t edits = 1 + next_number(EDITS_MAX); edits > 0 && size < SIZE_LIMIT; edits--) {
            size = edit(bytes, size);
        }
        /* A copy of exactly this size, so that a read beyond the end is one. */
        uint8_t *exact = malloc(size > 0 ? size : 1);
        memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    free(bytes);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS [MUTANTS]\n", argv[0]);
        return 2;
    }
    read_corpus(argv[1]);
    for (size_t i = 0; i < count; i++) {
        LLVMFuzzerTestOneInput(corpus[i].bytes, corpus[i].size);
    }
    long mutants = argc > 2 ? strtol(argv[2], NULL, 10) : MUTANTS_DEFAULT;
    run_mutants(mutants);
    printf("%zu inputs and %ld mutants\n", count, mutants);
    for (size_t i = 0; i < count; i++) {
        free(corpus[i].bytes);
    }
    return 0;
}
