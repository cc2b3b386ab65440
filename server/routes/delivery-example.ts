import type { Delivery } from '../../contract/webhook.ts'

export const deliveryExample: Delivery = {
  id: '2f6c1f0e-2f0b-4a57-9a3c-6d1f3c8a5b11',
  serviceId: 'shop',
  provider: 'github',
  deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  event: 'push',
  outcome: 'deployed',
  results: [
    {
      environment: 'production',
      outcome: 'deployed',
      deploymentId: 'shop.production.7',
      supersededBy: null,
      reason: null,
    },
  ],
  redeliveryOf: null,
  receivedAt: '2026-01-31T12:00:00.000Z',
  settledAt: '2026-01-31T12:00:00.400Z',
}
