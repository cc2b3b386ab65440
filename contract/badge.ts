import { z } from '@hono/zod-openapi'

export const badgeSchema = z
  .object({
    url: z.string().describe('Of the picture; whoever has it may see it, without a token'),
    markdown: z.string().describe('The picture with a link to the site'),
  })
  .openapi('Badge')
export type Badge = z.infer<typeof badgeSchema>
