import { crc32, deflateRawSync } from 'node:zlib'

/** Archives byte by byte, so that there are also those that no well-meaning program writes. */

export interface TarItem {
  path: string
  content?: string | Buffer
  /** '0' file, '1' hard link, '2' symbolic link, '3' '4' device, '5' folder, '6' named pipe. */
  type?: string
  mode?: number
  target?: string
}

const block = 512
const padded = (content: Buffer) =>
  Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)])

function header(
  path: string,
  { type = '0', mode = 0o644, target = '' }: Omit<TarItem, 'path'>,
  size: number,
): Buffer {
  const bytes = Buffer.alloc(block)
  bytes.write(path, 0, 100)
  bytes.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  bytes.write('0000000\0', 108)
  bytes.write('0000000\0', 116)
  bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  bytes.write('00000000000\0', 136)
  bytes.write(' '.repeat(8), 148)
  bytes.write(type, 156)
  bytes.write(target, 157, 100)
  bytes.write('ustar\x0000', 257)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}

/** A path of any length stands in a record before its entry. */
function longPath(path: string): Buffer {
  const text = `path=${path}\n`
  let length = Buffer.byteLength(text) + 2
  while (`${length} ${text}`.length - text.length + Buffer.byteLength(text) !== length) length++
  const record = Buffer.from(`${length} ${text}`)
  return Buffer.concat([header('PaxHeader', { type: 'x' }, record.length), padded(record)])
}

export function tarOf(items: TarItem[], { end = true }: { end?: boolean } = {}): Buffer {
  const parts = items.flatMap(({ path, content = '', ...item }) => {
    const bytes = Buffer.from(content)
    const before = path.length > 99 ? [longPath(path)] : []
    return [...before, header(path.slice(0, 99), item, bytes.length), padded(bytes)]
  })
  return Buffer.concat([...parts, ...(end ? [Buffer.alloc(2 * block)] : [])])
}

export interface ZipItem {
  path: string
  content?: string | Buffer
  mode?: number
  encrypted?: boolean
  /** What the zip says instead of the truth. */
  says?: { sum?: number; size?: number }
  /** Already deflated content, and what it expands to. */
  deflated?: { bytes: Buffer; size: number; sum: number }
}

export function zipOf(items: ZipItem[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { path, content = '', mode = 0o100644, encrypted = false, says = {}, deflated } of items) {
    const name = Buffer.from(path)
    const plain = Buffer.from(content)
    const data = deflated?.bytes ?? deflateRawSync(plain)
    const sum = says.sum ?? deflated?.sum ?? crc32(plain)
    const size = says.size ?? deflated?.size ?? plain.length
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(0x800 | (encrypted ? 1 : 0), 2)
    shared.writeUInt16LE(8, 4)
    shared.writeUInt32LE(sum, 10)
    shared.writeUInt32LE(data.length, 14)
    shared.writeUInt32LE(size, 18)
    shared.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, name, data])
    const after = Buffer.alloc(14)
    after.writeUInt32LE((mode << 16) >>> 0, 6)
    after.writeUInt32LE(at, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), shared, after, name]))
    bodies.push(local)
    at += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(items.length, 8)
  end.writeUInt16LE(items.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...bodies, list, end])
}
