import { z } from '@hono/zod-openapi'

/** Text that goes to the store or into a command: PostgreSQL and execve refuse a NUL. */
export const textUpTo = (length: number) =>
  z
    .string()
    .max(length)
    .refine((text) => !text.includes('\0'), 'must not contain a NUL')
