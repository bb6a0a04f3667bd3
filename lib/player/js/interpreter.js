// The page's arithmetic: it carries out the lists of operations that lib/player/document.py describes,
// and knows no rule.

const VERSION = 1;
export const OPERATIONS = [
  ...["add", "subtract", "multiply", "divide", "power", "remainder", "floor_divide"],
  ...["negative", "absolute", "sign", "square", "sqrt", "hypot", "floor"],
  ...["exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "arctan"],
  ...["maximum", "minimum", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"],
  ...["isfinite", "logical_and", "logical_or", "logical_not", "where"],
];
const WIDTH = 5; // an operation, the register it writes, up to three that it reads

// A document made ready: its registers `r`, and `go`, which carries out its operations once. What it does not know
// is refused in words.
export function machine(document) {
  const refuse = (what) => {
    throw new Error(`this page cannot compute ${document.name}: ${what}`);
  };
  const { version, registers, constants, ops } = document;
  if (version !== VERSION) refuse(`its list is of version ${version}, this is version ${VERSION}; run the cell again`);
  const place = (at) => (Number.isInteger(at) && at >= 0 && at < registers ? at : refuse(`there is no register ${at}`));
  const r = new Float64Array(registers);
  for (const [at, value] of constants) r[place(at)] = Number(value);
  const code = new Int32Array(WIDTH * ops.length);
  ops.forEach(([name, ...places], i) => {
    if (!OPERATIONS.includes(name)) refuse(`it does not know the operation ${name}`);
    code.set([OPERATIONS.indexOf(name), ...places.map(place)], WIDTH * i);
  });
  return { document, r, go: () => go(code, r) };
}

function go(code, r) {
  for (let i = 0; i < code.length; i += WIDTH) {
    const a = r[code[i + 2]];
    const b = r[code[i + 3]];
    let y = NaN;
    switch (code[i]) {
      case 0: // add
        y = a + b;
        break;
      case 1: // subtract
        y = a - b;
        break;
      case 2: // multiply
        y = a * b;
        break;
      case 3: // divide
        y = a / b;
        break;
      case 4: // power
        y = power(a, b);
        break;
      case 5: // remainder
        y = remainder(a, b);
        break;
      case 6: // floor_divide
        y = floorDivide(a, b);
        break;
      case 7: // negative
        y = -a;
        break;
      case 8: // absolute
        y = Math.abs(a);
        break;
      case 9: // sign
        y = a > 0 ? 1 : a < 0 ? -1 : a === 0 ? 0 : NaN;
        break;
      case 10: // square
        y = a * a;
        break;
      case 11: // sqrt
        y = Math.sqrt(a);
        break;
      case 12: // hypot
        y = Math.hypot(a, b);
        break;
      case 13: // floor
        y = Math.floor(a);
        break;
      case 14: // exp
        y = Math.exp(a);
        break;
      case 15: // expm1
        y = Math.expm1(a);
        break;
      case 16: // log
        y = Math.log(a);
        break;
      case 17: // log1p
        y = Math.log1p(a);
        break;
      case 18: // sin
        y = Math.sin(a);
        break;
      case 19: // cos
        y = Math.cos(a);
        break;
      case 20: // tan
        y = Math.tan(a);
        break;
      case 21: // tanh
        y = Math.tanh(a);
        break;
      case 22: // arctan
        y = Math.atan(a);
        break;
      case 23: // maximum
        y = a >= b || a !== a ? a : b; // NaN stays
        break;
      case 24: // minimum
        y = a <= b || a !== a ? a : b;
        break;
      case 25: // less
        y = +(a < b);
        break;
      case 26: // less_equal
        y = +(a <= b);
        break;
      case 27: // greater
        y = +(a > b);
        break;
      case 28: // greater_equal
        y = +(a >= b);
        break;
      case 29: // equal
        y = +(a === b);
        break;
      case 30: // not_equal
        y = +(a !== b);
        break;
      case 31: // isfinite
        y = +Number.isFinite(a);
        break;
      case 32: // logical_and
        y = +(a !== 0 && b !== 0); // NaN is true
        break;
      case 33: // logical_or
        y = +(a !== 0 || b !== 0);
        break;
      case 34: // logical_not
        y = +(a === 0);
        break;
      case 35: // where
        y = a !== 0 ? b : r[code[i + 4]];
        break;
    }
    r[code[i + 1]] = y;
  }
}

// As C has it: 1 to the power of anything is 1, and −1 to the power of infinity.
function power(a, b) {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

// What is left of a when b goes into it, with the sign of b; and how often it goes.
function remainder(a, b) {
  const left = a % b;
  return left !== 0 && left < 0 !== b < 0 ? left + b : left;
}

function floorDivide(a, b) {
  const left = a % b;
  return b === 0 ? a / b : Math.round((a - left) / b) - +(left !== 0 && left < 0 !== b < 0);
}
