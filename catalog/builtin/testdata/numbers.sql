1.5::numeric + 2.25
1.10 - 0.10
1.5 * 2.50
1.0 / 3
10.0 / 4
1 / 3.0
7.5 % 2
-7.5 % 2
1.0 / 0
div(7.5, 2)
mod(7.5, 2)
abs(-1.5)
sign(-1.5)
ceil(1.2)
ceil(-1.2)
floor(-1.2)
round(2.5)
round(-2.5)
round(1234.567, 2)
round(1234.567, -2)
trunc(1234.567, 1)
trunc(-1.9)
scale(1.500)
min_scale(1.500)
trim_scale(1.500)
factorial(20)
factorial(-1)
gcd(1.5, 2.5)
lcm(1.5, 2.5)
'NaN'::numeric + 1
'Infinity'::numeric - 'Infinity'::numeric
sqrt(2::numeric)
sqrt(2.00000000000000000000)
sqrt(1234567890.123)
sqrt(0.0001)
sqrt(0.000000000001)
sqrt(0::numeric)
sqrt(-1::numeric)
sqrt(4)
sqrt(-1)
|/ 2
round((||/ 27)::numeric, 12)
exp(1::numeric)
exp(0::numeric)
exp(-5.5)
exp(100.0)
exp(10000.0)
exp(-10000.0)
ln(2::numeric)
ln(10.5)
ln(1.0001)
ln(0.000001)
ln(0::numeric)
ln(-1::numeric)
ln(123456789012345678901234567890.0)
log(100::numeric)
log(2, 1000)
log(2.0, 0.5)
log(10, 3)
log10(1000::numeric)
log(1, 10)
power(2::numeric, 3)
power(2.5, 2.5)
power(2, 0.5)
power(10::numeric, -3)
power(0::numeric, 0)
power(0::numeric, -1)
power(-2::numeric, 3)
power(-2::numeric, 0.5)
power(1.5, 100)
power(0.1::numeric, 50)
power(9.99, 1000)
2 ^ 10
2 ^ 0.5
2::numeric ^ 10
'inf'::numeric ^ 2
2 ^ 'nan'::numeric
power(0.5, 'inf'::numeric)
width_bucket(5.35, 0.024, 10.06, 5)
width_bucket(5.35::float8, 0.024, 10.06, 5)
width_bucket(10.06, 0.024, 10.06, 5)
width_bucket(-1.0, 0, 10, 5)
width_bucket(5, 10, 0, 5)
width_bucket(5.0, 1, 1, 5)
width_bucket(5.0, 1, 2, 0)
width_bucket(25, ARRAY[10, 20, 30])
1.5::float8 + 2
1e308::float8 * 10
1e-308::float8 * 1e-300
1::float8 / 0
'inf'::float8 / 'inf'::float8
1::float4 / 3
1::float8 / 3
0.1::float4 + 0.2::float4
0.1::float4 + 0.2::float8
3e38::float4 * 10
abs(-1.5::float8)
- 1.5::float8
round(2.5::float8)
round(3.5::float8)
round(-0.4::float8)
trunc(-1.9::float8)
ceil(1.2::float8)
floor(-1.2::float8)
sign(-3::float8)
sqrt(2::float8)
round((cbrt(27::float8))::numeric, 12)
power(2::float8, 0.5)
power(0::float8, -1)
power(-8::float8, 1.0/3)
power('nan'::float8, 0)
power(10, 400)
exp(1::float8)
exp(1000::float8)
exp(-1000::float8)
ln(2::float8)
ln(0::float8)
log(100::float8)
log(-1::float8)
pi()
degrees(pi())
radians(180)
sin(1)
cos(1)
round((tan(1))::numeric, 12)
round((cot(1))::numeric, 12)
asin(1)
round((acos(0.5))::numeric, 12)
acos(2)
atan(1)
atan2(1, 2)
round((sinh(1))::numeric, 12)
round((cosh(1))::numeric, 12)
round((tanh(1))::numeric, 12)
round((asinh(1))::numeric, 12)
round((acosh(2))::numeric, 12)
acosh(0.5)
round((atanh(0.5))::numeric, 12)
atanh(2)
sind(30)
sind(-45)
cosd(60)
cosd(120)
tand(45)
tand(135)
cotd(45)
asind(0.5)
acosd(0.5)
acosd(-0.5)
atand(1)
atan2d(1, 1)
sin('inf'::float8)
1.5::float8::numeric
1.1::float4::numeric
123456.789::float8::text
1e20::float8::text
1e15::float8
0.00001::float8
'nan'::float8 = 'nan'::float8
'nan'::float8 > 'inf'::float8
1::float4 = 1::float8
0.1::float4 = 0.1::float8
1.0 = 1.00
1::numeric = 1
2::int8 > 1.5
1.5::numeric > 1::float8
-5 % 3
5.5 % -2
@ -5.5
~ 5::int8
5 # 3
91 & 15
32 | 3
1 << 4
8 >> 2
(-5)::int2 >> 1
-- at the ends of what numeric and float8 hold
md5(exp(5999.9::numeric)::text)
exp(6000::numeric)
exp(-6000::numeric) = 0
exp(1e-1000::numeric) - 1
ln(9.9e131071::numeric)
log(1e131071::numeric)
md5(power(5999.9::numeric, 32767)::text)
power(1e131071::numeric, 1) = 1e131071
power(9.9e131071::numeric, 2)
power(1e131071::numeric, 0.1)
power(1e131071::numeric, -0.1) = 0
power(1::numeric, 1e131071::numeric)
power(0.99999999999999999999, 0.5)
power(1.00000000000000000001, 0.5)
power(1e-30::numeric, 0.9)
power(0.1::numeric, 1e-1000::numeric) - 1
md5(log(10, 1e-16383::numeric)::text)
exp(709.78::float8)
exp(709.79::float8)
exp(30::float8)
ln(1e-308::float8)
ln(5e-324::float8)
log(1e-308::float8)
log(45::float8)
cbrt(2::float8)
cbrt(5e-324::float8)
sin(2::float8)
cos(1e20::float8)
tan(1::float8)
cot(180::float8)
acos(0.5::float8)
atan(180::float8)
atan2(3::float8, 0.5::float8)
sinh(709.78::float8)
cosh(30::float8)
tand(709.78::float8)
sign('nan'::float8)
