/* The text of builtin.types, embedded at build time: a line per type, "Name field:flags:type:number …"; flags p (pointer), o (omitempty), z (omitzero); the
 * number is protobuf's. */
#pragma once

extern const char builtin_types[];
