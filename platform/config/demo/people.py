"""Names and addresses of nobody: drawn from lists by a fixed seed."""

from __future__ import annotations

import random

CHINESE_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
CHINESE_GIVEN = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀英",
    "霞",
    "平",
    "刚",
    "桂英",
    "建国",
    "建华",
    "晓东",
    "海燕",
    "志强",
    "雪梅",
    "文静",
    "浩然",
    "子轩",
    "雨桐",
    "梓涵",
    "欣怡",
    "思远",
    "嘉怡",
    "俊杰",
    "天佑",
    "若曦",
    "一诺",
    "宇航",
    "诗涵",
    "国栋",
    "美玲",
    "春花",
    "立新",
    "家豪",
    "晓峰",
    "佳琪",
    "晨曦",
]
ENGLISH_GIVEN = [
    "Olivia",
    "Noah",
    "Charlotte",
    "Jack",
    "Amelia",
    "William",
    "Isla",
    "Leo",
    "Mia",
    "Henry",
    "Grace",
    "Thomas",
    "Ava",
    "Oliver",
    "Willow",
    "Lucas",
    "Matilda",
    "Ethan",
    "Ruby",
    "James",
    "Zoe",
    "Hugo",
    "Ella",
    "Liam",
    "Chloe",
    "Mason",
    "Evie",
    "Archie",
    "Sophie",
    "Max",
    "Harper",
    "Isaac",
    "Lily",
    "Samuel",
    "Ivy",
    "Levi",
    "Priya",
    "Arjun",
    "Mei",
    "Minh",
]
ENGLISH_FAMILY = [
    "Smith",
    "Jones",
    "Williams",
    "Brown",
    "Wilson",
    "Taylor",
    "Nguyen",
    "Johnson",
    "Martin",
    "White",
    "Anderson",
    "Walker",
    "Thompson",
    "Lee",
    "Singh",
    "Harris",
    "Ryan",
    "Robinson",
    "Kelly",
    "King",
    "Campbell",
    "Davis",
    "Wright",
    "Evans",
    "Roberts",
    "Green",
    "Hall",
    "Wood",
    "Kaur",
    "Murphy",
    "Clarke",
    "Patel",
    "Chen",
    "Papadopoulos",
    "Rossi",
]
CHINESE_SHOPS = [
    "百味餐馆",
    "阳光超市",
    "康民药房",
    "悦读书店",
    "新潮服装店",
    "宏达五金店",
    "清香茶楼",
    "优格健身房",
    "启明培训中心",
    "丽人美发",
    "和顺旅馆",
    "顺达汽修",
    "锦绣花店",
    "金鼎办公",
    "云顶写字楼",
    "江畔咖啡",
    "味源烘焙",
    "安心宠物医院",
    "快印图文",
    "众创空间",
]
CHINESE_FACTORIES = [
    "赤壁精密铸造",
    "江城汽车零部件",
    "楚天纺织",
    "荆楚化工",
    "三江水泥",
    "东湖光电",
    "鄂南造纸",
    "汉阳轴承",
    "长乐食品",
    "磁湖新材料",
    "清江铝业",
    "大冶机床",
]
ENGLISH_SHOPS = [
    "Corner Bakery",
    "Harbour Café",
    "Northside Dental",
    "Bluegum Physio",
    "Book Nook",
    "Fern & Fig Florist",
    "Eastern Cycles",
    "Southern Cross Motors",
    "Pepper Tree Vet",
    "Riverside Gallery",
    "Mill Lane Brewery",
    "Coastal Yoga",
]
JIANGSU = (
    "南京市玄武区中山路",
    "南京市秦淮区长乐路",
    "苏州市姑苏区平江路",
    "无锡市梁溪区人民路",
    "常州市天宁区和平路",
    "南通市崇川区濠河路",
)
JIANGXI = ("南昌市东湖区八一大道", "九江市浔阳区庐山路", "赣州市章贡区红旗大道", "上饶市信州区赣东大道")
HUBEI = ("武汉市汉阳区琴台大道", "赤壁市经济开发区", "黄石市西塞山区沿湖路", "宜昌市猇亭区先锋路")
SYDNEY = (
    "Glebe NSW 2037",
    "Marrickville NSW 2204",
    "Newtown NSW 2042",
    "Manly NSW 2095",
    "Parramatta NSW 2150",
    "Balmain NSW 2041",
)
STREETS = (
    "Banksia St",
    "Wattle Ave",
    "Station Rd",
    "Harbour Pde",
    "Church St",
    "Acacia Cres",
    "King St",
    "Illawarra Rd",
    "Ocean View Dr",
)


def chinese_name(draw: random.Random) -> str:
    """Return a person's name."""
    return draw.choice(CHINESE_FAMILY) + draw.choice(CHINESE_GIVEN)


def english_name(draw: random.Random) -> str:
    """Return a person's name."""
    return f"{draw.choice(ENGLISH_GIVEN)} {draw.choice(ENGLISH_FAMILY)}"


def chinese_address(draw: random.Random, roads: tuple[str, ...]) -> str:
    """Return an address on one of ``roads``."""
    return f"{draw.choice(roads)}{draw.randint(1, 288)}号{draw.randint(1, 18)}幢{draw.randint(1, 6)}0{draw.randint(1, 4)}室"


def english_address(draw: random.Random) -> str:
    """Return an address in Sydney."""
    return f"{draw.randint(1, 240)} {draw.choice(STREETS)}, {draw.choice(SYDNEY)}"
