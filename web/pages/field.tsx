interface SelectProps {
  id: string
  label: string
  options: readonly (string | [value: string, name: string])[]
  value?: string | undefined
  /** What no choice means; without it there is always one. */
  none?: string
}

/** A choice with its label. The id is the name that is sent. */
export const Choice = ({ id, label, options, value, none }: SelectProps) => (
  <>
    <label for={id}>{label}</label>
    <select id={id} name={id}>
      {none === undefined ? null : <option value="">{none}</option>}
      {options.map((option) => {
        const [sent, name] = typeof option === 'string' ? [option, option] : option
        return (
          <option value={sent} selected={sent === value}>
            {name}
          </option>
        )
      })}
    </select>
  </>
)

interface LineProps {
  id: string
  /** What it is sent as, where that is not its id. */
  name?: string
  label: string
  value?: string | undefined
  placeholder?: string
  type?: string
  required?: boolean
  maxlength?: number
  min?: number
}

/** A line of text with its label. */
export const Line = ({ id, name = id, label, type = 'text', ...rest }: LineProps) => (
  <>
    <label for={id}>{label}</label>
    <input id={id} name={name} type={type} autocomplete="off" spellcheck={false} {...rest} />
  </>
)
