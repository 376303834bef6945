/*
 * OTP's own C codec, libei, at the work of the codec cases.
 *
 *     codec FILE
 *
 * FILE holds a list of items as term_to_binary/1 makes it. Each line of the input is a kind of work and how often to do
 * it; the answer is a line with the nanoseconds that it took:
 *
 *     encode N   the list as dynamic values to bytes, in a buffer of its own
 *     decode N   the bytes to dynamic values: a tree whose containers, atoms and binaries are allocated, then freed, as
 *                what the other codecs make is
 *     typed N    the bytes to an array of struct item, by the functions for the types that are expected
 *
 * It ends with status 1 before that unless what it decodes, either way, is encoded to the bytes of FILE again.
 */
#include <ei.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what)
{
    fprintf(stderr, "codec: %s\n", what);
    exit(1);
}

static void check(int result, const char *what)
{
    if (result < 0)
        fail(what);
}

static void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        fail("out of memory");
    return memory;
}

/* Any term that an item is made of. */
struct value {
    enum { INTEGER, FLOAT, ATOM, BINARY, TUPLE, LIST, MAP } kind;
    int size; /* of the text, or how many elements; a map's pairs are two each */
    union {
        long long integer;
        double number;
        char *text;
        struct value *elements;
    };
};

static void release(struct value *value)
{
    switch (value->kind) {
    case INTEGER:
    case FLOAT:
        return;
    case ATOM:
    case BINARY:
        free(value->text);
        return;
    default:
        for (int i = 0; i < value->size; i++)
            release(&value->elements[i]);
        free(value->elements);
    }
}

static void decode_value(const char *bytes, int *at, struct value *value);

static void decode_elements(const char *bytes, int *at, struct value *value, int kind, int size)
{
    value->kind = kind;
    value->size = size;
    value->elements = allocate(size * sizeof *value->elements);
    for (int i = 0; i < size; i++)
        decode_value(bytes, at, &value->elements[i]);
}

static void decode_value(const char *bytes, int *at, struct value *value)
{
    int type, size, arity;
    long length;
    char atom[MAXATOMLEN_UTF8];

    check(ei_get_type(bytes, at, &type, &size), "no term");
    switch (type) {
    case ERL_SMALL_INTEGER_EXT:
    case ERL_INTEGER_EXT:
        value->kind = INTEGER;
        check(ei_decode_longlong(bytes, at, &value->integer), "integer");
        return;
    case ERL_FLOAT_EXT: /* likewise for both kinds of floats */
        value->kind = FLOAT;
        check(ei_decode_double(bytes, at, &value->number), "float");
        return;
    case ERL_ATOM_EXT: /* ei's word for all kinds of atoms */
        value->kind = ATOM;
        check(ei_decode_atom_as(bytes, at, atom, sizeof atom, ERLANG_UTF8, NULL, NULL), "atom");
        value->size = strlen(atom);
        value->text = allocate(value->size + 1);
        memcpy(value->text, atom, value->size + 1);
        return;
    case ERL_BINARY_EXT:
        value->kind = BINARY;
        value->size = size;
        value->text = allocate(size);
        check(ei_decode_binary(bytes, at, value->text, &length), "binary");
        return;
    case ERL_SMALL_TUPLE_EXT:
    case ERL_LARGE_TUPLE_EXT:
        check(ei_decode_tuple_header(bytes, at, &arity), "tuple");
        decode_elements(bytes, at, value, TUPLE, arity);
        return;
    case ERL_NIL_EXT:
    case ERL_LIST_EXT:
        check(ei_decode_list_header(bytes, at, &arity), "list");
        decode_elements(bytes, at, value, LIST, arity);
        if (arity > 0)
            check(ei_decode_list_header(bytes, at, &arity), "tail");
        return;
    case ERL_MAP_EXT:
        check(ei_decode_map_header(bytes, at, &arity), "map");
        decode_elements(bytes, at, value, MAP, 2 * arity);
        return;
    default:
        fail("a term of another kind");
    }
}

static void encode_value(ei_x_buff *out, const struct value *value)
{
    int result = 0;

    switch (value->kind) {
    case INTEGER:
        result = ei_x_encode_longlong(out, value->integer);
        break;
    case FLOAT:
        result = ei_x_encode_double(out, value->number);
        break;
    case ATOM:
        result = ei_x_encode_atom_len_as(out, value->text, value->size, ERLANG_UTF8, ERLANG_UTF8);
        break;
    case BINARY:
        result = ei_x_encode_binary(out, value->text, value->size);
        break;
    case TUPLE:
        result = ei_x_encode_tuple_header(out, value->size);
        break;
    case LIST:
        if (value->size > 0)
            result = ei_x_encode_list_header(out, value->size);
        break;
    case MAP:
        result = ei_x_encode_map_header(out, value->size / 2);
        break;
    }
    check(result, "no room for a term");
    if (value->kind < TUPLE)
        return;
    for (int i = 0; i < value->size; i++)
        encode_value(out, &value->elements[i]);
    if (value->kind == LIST)
        check(ei_x_encode_empty_list(out), "no room for a tail");
}

/* {item, <<"sku-N">>, N, N*1.5, #{qty => N, tags => [a,b,c]}} */
struct item {
    char *sku;
    long sku_length;
    long long number, qty;
    double price;
    char tags[3];
};

static void decode_word(const char *bytes, int *at, const char *expected)
{
    char atom[MAXATOMLEN_UTF8];
    check(ei_decode_atom_as(bytes, at, atom, sizeof atom, ERLANG_UTF8, NULL, NULL), "atom");
    if (strcmp(atom, expected) != 0)
        fail("another atom");
}

static void decode_item(const char *bytes, int *at, struct item *item)
{
    int arity, type, size;
    char atom[MAXATOMLEN_UTF8];

    check(ei_decode_tuple_header(bytes, at, &arity), "item");
    if (arity != 5)
        fail("not an item");
    decode_word(bytes, at, "item");
    check(ei_get_type(bytes, at, &type, &size), "sku");
    item->sku = allocate(size);
    check(ei_decode_binary(bytes, at, item->sku, &item->sku_length), "sku");
    check(ei_decode_longlong(bytes, at, &item->number), "number");
    check(ei_decode_double(bytes, at, &item->price), "price");
    check(ei_decode_map_header(bytes, at, &arity), "stock");
    if (arity != 2)
        fail("not a stock");
    decode_word(bytes, at, "qty");
    check(ei_decode_longlong(bytes, at, &item->qty), "qty");
    decode_word(bytes, at, "tags");
    check(ei_decode_list_header(bytes, at, &arity), "tags");
    if (arity != 3)
        fail("not three tags");
    for (int i = 0; i < 3; i++) {
        check(ei_decode_atom_as(bytes, at, atom, sizeof atom, ERLANG_UTF8, NULL, NULL), "tag");
        item->tags[i] = atom[0];
    }
    check(ei_decode_list_header(bytes, at, &arity), "tail");
}

static void encode_item(ei_x_buff *out, const struct item *item)
{
    ei_x_encode_tuple_header(out, 5);
    ei_x_encode_atom_as(out, "item", ERLANG_UTF8, ERLANG_UTF8);
    ei_x_encode_binary(out, item->sku, item->sku_length);
    ei_x_encode_longlong(out, item->number);
    ei_x_encode_double(out, item->price);
    ei_x_encode_map_header(out, 2);
    ei_x_encode_atom_as(out, "qty", ERLANG_UTF8, ERLANG_UTF8);
    ei_x_encode_longlong(out, item->qty);
    ei_x_encode_atom_as(out, "tags", ERLANG_UTF8, ERLANG_UTF8);
    ei_x_encode_list_header(out, 3);
    for (int i = 0; i < 3; i++)
        ei_x_encode_atom_len_as(out, &item->tags[i], 1, ERLANG_UTF8, ERLANG_UTF8);
    ei_x_encode_empty_list(out);
}

static void decode_dynamic(const char *bytes, struct value *items)
{
    int at = 0, version;
    check(ei_decode_version(bytes, &at, &version), "version");
    decode_value(bytes, &at, items);
}

static void encode_dynamic(ei_x_buff *out, const struct value *items)
{
    check(ei_x_new_with_version(out), "no buffer");
    encode_value(out, items);
}

static struct item *decode_typed(const char *bytes, int *count)
{
    int at = 0, version;
    check(ei_decode_version(bytes, &at, &version), "version");
    check(ei_decode_list_header(bytes, &at, count), "items");
    struct item *items = allocate(*count * sizeof *items);
    for (int i = 0; i < *count; i++)
        decode_item(bytes, &at, &items[i]);
    return items;
}

static void release_typed(struct item *items, int count)
{
    for (int i = 0; i < count; i++)
        free(items[i].sku);
    free(items);
}

static char *read_all(const char *name, long *size)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        fail("the file cannot be opened");
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    char *bytes = allocate(*size);
    if (fread(bytes, 1, *size, file) != (size_t)*size)
        fail("the file cannot be read");
    fclose(file);
    return bytes;
}

static void same(const ei_x_buff *out, const char *bytes, long size)
{
    if (out->index != size || memcmp(out->buff, bytes, size) != 0)
        fail("what was decoded is not encoded to the same bytes");
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
    long size, times;
    char work[16];
    int count;
    struct value items, other;
    struct item *typed;
    ei_x_buff out;

    if (argc != 2)
        fail("codec FILE");
    ei_init();
    const char *bytes = read_all(argv[1], &size);

    decode_dynamic(bytes, &items);
    encode_dynamic(&out, &items);
    same(&out, bytes, size);
    ei_x_free(&out);

    typed = decode_typed(bytes, &count);
    check(ei_x_new_with_version(&out), "no buffer");
    check(ei_x_encode_list_header(&out, count), "no room");
    for (int i = 0; i < count; i++)
        encode_item(&out, &typed[i]);
    check(ei_x_encode_empty_list(&out), "no room");
    same(&out, bytes, size);
    ei_x_free(&out);
    release_typed(typed, count);

    while (scanf("%15s %ld", work, &times) == 2) {
        long long start = now();
        for (long i = 0; i < times; i++) {
            if (strcmp(work, "encode") == 0) {
                encode_dynamic(&out, &items);
                ei_x_free(&out);
            } else if (strcmp(work, "decode") == 0) {
                decode_dynamic(bytes, &other);
                release(&other);
            } else if (strcmp(work, "typed") == 0) {
                release_typed(decode_typed(bytes, &count), count);
            } else {
                fail("unknown work");
            }
        }
        printf("%lld\n", now() - start);
        fflush(stdout);
    }
    return 0;
}
